import { sql } from "drizzle-orm";
import type { Ports } from "../base/context.ts";
import type { HealthCheck } from "./health.ts";

/** The parts without which we cannot serve. */
export function createHealthChecks(ports: Ports): readonly HealthCheck[] {
  return [
    { name: "database", check: () => ports.database.execute(sql`select 1`) },
    { name: "kv", check: () => ports.kv.ping() },
  ];
}
