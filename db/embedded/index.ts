/** The embedded PostgreSQL: a real server as our child process, on a private socket. */
import { type EmbeddedOptions, type EmbeddedPostgres, startCluster } from "./start.ts";

export type { EmbeddedOptions, EmbeddedPostgres } from "./start.ts";
export type { EmbeddedStatus } from "./supervisor.ts";

/**
 * Starts the embedded database of a data folder, and keeps it running until `stop`.
 *
 * Effects, in this order: takes the folder's lock for the life of the process, proves that the folder can hold a
 * database, makes the cluster when there is none, ends what a killed owner left, starts the server, and creates the
 * database when absent. Call it on the main thread: the kernel ends the server with the thread that started it.
 * @throws DbError with a start refusal (`E_DATA_…`, `E_PG_…`, `E_SOCKET_DIR`, `E_DISK_FULL`); nothing is left running.
 */
export function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  return startCluster(options);
}
