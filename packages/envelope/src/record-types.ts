/** Member `type` of the outer record (wire format §2): plural. */
export const OUTER_TYPE = "DatabaseActivityMonitoringRecords";
/** Member `type` of the inner record (wire format §4): singular. Consumers test both words exactly. */
export const INNER_TYPE = "DatabaseActivityMonitoringRecord";
