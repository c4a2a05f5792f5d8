import { StartError } from "../../app/config-errors.ts";
import { findSevenZip } from "../../ports/compute/archives/seven-zip-program.ts";
import { createRedisKv } from "../../ports/kv/redis.ts";
import { type Check, finding } from "./check.ts";

/** Whether a server runs on this base folder. */
export const serverCheck: Check = {
  name: "server",
  async run({ running }) {
    if (running === null)
      return finding("server", { status: "ok", message: "none is running on this data folder" });
    const { url, pid, startedAt } = running;
    const response = await fetch(`${url}/health/ready`);
    const text = await response.text();
    const place = `running at ${url}, process ${pid}, since ${startedAt}`;
    if (response.ok) return finding("server", { status: "ok", message: place });
    return finding("server", {
      status: "fail",
      message: `${place}; not ready: ${text.slice(0, 200)}`,
      code: "CLI_NOT_READY",
    });
  },
};

/** Whether the configured port is free, or ours already. */
export const portCheck: Check = {
  name: "port",
  async run({ config: { host, port }, running }) {
    if (port === 0) return finding("port", { status: "ok", message: "any free one is taken at a start" });
    if (running !== null && new URL(running.url).port === String(port)) {
      return finding("port", { status: "ok", message: `${port}, used by the running server` });
    }
    try {
      const listener = Bun.listen({ hostname: host, port, socket: { data: () => undefined } });
      listener.stop(true);
      return finding("port", { status: "ok", message: `${host} port ${port} is free` });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StartError("E_PORT", `cannot listen on ${host} port ${port}: ${reason}`, { cause });
    }
  },
};

/** Redis, when it is configured. */
export const redisCheck: Check = {
  name: "redis",
  async run({ config: { redisUrl }, log }) {
    if (redisUrl === null) {
      return finding("redis", { status: "ok", message: "not configured; PostgreSQL keeps what expires" });
    }
    const report = (message: string) => log.debug(message);
    const kv = createRedisKv({ url: redisUrl, prefix: "multitap:", report });
    // Never the whole URL: it may hold a password.
    const place = new URL(redisUrl).host;
    try {
      await kv.ping();
      return finding("redis", { status: "ok", message: `${place} answers` });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StartError("E_REDIS", `Redis ${place} does not answer: ${reason}`, { cause });
    } finally {
      await kv.close();
    }
  },
};

/** The 7-Zip that hashing runs for archives other than zip and tar. */
export const sevenZipCheck: Check = {
  name: "7-Zip",
  async run({ config }) {
    const configured = config.compute.sevenZipPath;
    const program = findSevenZip(configured);
    if (program !== null)
      return finding("7-Zip", { status: "ok", message: `${program.path} (${program.origin})` });
    const wanted =
      configured === null ? "none was found" : `MULTITAP_SEVEN_ZIP is ${configured}, which cannot be run`;
    return finding("7-Zip", {
      status: "warn",
      message: `${wanted}; 7z, rar, xz and bz2 are hashed as they are`,
    });
  },
};
