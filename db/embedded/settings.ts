/** The settings of the embedded server, all on its command line: `postgresql.conf` stays as initdb wrote it. */
import { CONNECTIONS_MAX, SHARED_MEMORY_BYTES_MIN } from "./limits.ts";

export interface SettingsInput {
  socketFolder: string;
  memoryLimitBytes: number;
  /** Null where there is no such file system to ask. */
  freeSharedMemoryBytes: number | null;
  platform: NodeJS.Platform;
}

const GIB = 1024 ** 3;

/** Separates the fields before each line of the server's output; see `server-log.ts`. */
export const LOG_LINE_PREFIX = "%b|%e|";

/**
 * Setting names and values. Durability (fsync, full_page_writes, synchronous_commit, checksums) is never among them.
 * Parallel query is off: small machines gain nothing, and it needs shared memory that containers do not have.
 */
export function listSettings(input: SettingsInput): Record<string, string> {
  return {
    listen_addresses: "",
    unix_socket_directories: input.socketFolder,
    unix_socket_permissions: "0700",
    max_connections: String(CONNECTIONS_MAX),
    shared_buffers: chooseSharedBuffers(input.memoryLimitBytes),
    max_wal_size: "256MB",
    wal_level: "minimal",
    max_wal_senders: "0",
    max_logical_replication_workers: "0",
    max_parallel_workers_per_gather: "0",
    max_parallel_maintenance_workers: "0",
    timezone: "UTC",
    log_timezone: "UTC",
    lc_messages: "C",
    log_min_messages: "warning",
    log_checkpoints: "off",
    log_line_prefix: LOG_LINE_PREFIX,
    // Statements hold people's values; the caller of a failed query knows which one it was.
    log_min_error_statement: "panic",
    logging_collector: "off",
    log_destination: "stderr",
    update_process_title: "off",
    ...chooseSharedMemory(input),
  };
}

function chooseSharedBuffers(memoryLimitBytes: number): string {
  if (memoryLimitBytes < GIB) return "32MB";
  return memoryLimitBytes < 4 * GIB ? "64MB" : "128MB";
}

/**
 * Where dynamic shared memory goes. Docker gives /dev/shm 64 MB, some platforms 1 MB or nothing; neither initdb nor
 * the server works without room for it.
 */
export function chooseSharedMemory(
  input: Pick<SettingsInput, "freeSharedMemoryBytes" | "platform">,
): Record<string, string> {
  if (input.platform !== "linux") return {};
  const isSmall =
    input.freeSharedMemoryBytes === null || input.freeSharedMemoryBytes < SHARED_MEMORY_BYTES_MIN;
  return { dynamic_shared_memory_type: isSmall ? "mmap" : "posix" };
}

/** Settings as words of a command line. */
export function formatSettings(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}
