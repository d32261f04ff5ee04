/** Words, not a command to paste: the administrator's name is not known here. */
export const START_HINT = "das start, once and on the primary, creates and starts it (--config, --admin-user)";
