import { query } from "../rpc/procedures.ts";
import { listAudit } from "./service.ts";

/** Procedures of the audit log. */
export const auditProcedures = { list: query(listAudit) };
