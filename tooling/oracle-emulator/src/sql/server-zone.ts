/** The operating system's time zone of the server: SYSDATE and SYSTIMESTAMP are in it, and DBTIMEZONE is the same. */
export const SERVER_ZONE = "+00:00";
