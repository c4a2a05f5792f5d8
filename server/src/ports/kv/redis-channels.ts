import type { Redis } from "ioredis";
import { assert } from "../../base/assert.ts";
import { KV_CHANNELS_MAX } from "./limits.ts";
import type { ReportProblem } from "./port.ts";

/** The subscriptions of one process, on a connection of their own. */
export interface RedisChannels {
  /** Resolves when Redis has confirmed it; the returned function ends this subscription. */
  subscribe(channel: string, listener: (message: string) => void): Promise<() => Promise<void>>;
  /** Cuts the connection, if one was opened. */
  close(): void;
}

/**
 * Keeps the subscriptions; ioredis itself renews them after a reconnect.
 * @param open Opens the connection; called on the first subscription.
 */
export function createRedisChannels(open: () => Redis, report: ReportProblem): RedisChannels {
  // A wrapper object tells two subscriptions of one function apart.
  const channels = new Map<string, Set<{ deliver: (message: string) => void }>>();
  let redis: Redis | null = null;
  const connect = (): Redis => {
    if (redis !== null) return redis;
    redis = open();
    redis.on("message", (channel: string, message: string) => {
      for (const listener of channels.get(channel) ?? []) {
        try {
          listener.deliver(message);
        } catch (error) {
          report(`a listener of kv channel ${channel} failed`, error);
        }
      }
    });
    return redis;
  };
  return {
    async subscribe(channel, listener) {
      assert(channels.size < KV_CHANNELS_MAX, `over ${KV_CHANNELS_MAX} kv channels`);
      const connection = connect();
      const listeners = channels.get(channel) ?? new Set();
      channels.set(channel, listeners);
      const entry = { deliver: listener };
      listeners.add(entry);
      const stop = async () => {
        if (!listeners.delete(entry) || listeners.size > 0 || channels.get(channel) !== listeners) return;
        channels.delete(channel);
        if (connection.status === "ready") await connection.unsubscribe(channel);
      };
      try {
        await connection.subscribe(channel);
      } catch (error) {
        await stop();
        throw error;
      }
      return stop;
    },
    close() {
      redis?.disconnect();
    },
  };
}
