import type { Ports } from "../../base/context.ts";
import { LINK_WAITING_BYTES, LINK_WAITING_BYTES_MAX } from "../limits.ts";
import { linkChannel, type Parts, packItems, unpackItems } from "./rules.ts";

/** How urgent an item is: `state` always arrives, of the others what waits too long is dropped. */
export type Urgency = "state" | "sure" | "quick";

/** Messages between processes, in order between any two. */
export interface Links {
  send(processId: string, item: unknown, urgency: Urgency): void;
  stop(): Promise<void>;
}

/** Whose links they are, and who hears what comes. */
export interface LinksOptions {
  readonly ports: Pick<Ports, "kv" | "log">;
  readonly processId: string;
  readonly onItem: (from: string, item: unknown) => void;
}

/** Links of a process that has the database for itself. */
export const NO_LINKS: Links = { send: () => undefined, stop: async () => undefined };

interface Outbox {
  items: string[];
  /** The first item is the rest of one that went in part. */
  isRest: boolean;
  chars: number;
  sending: Promise<void> | null;
}

/** Opens the links of a process; while one message is on its way, what comes meanwhile goes with the next. */
export async function openLinks({ ports, processId, onItem }: LinksOptions): Promise<Links> {
  const { kv, log } = ports;
  const outboxes = new Map<string, Outbox>();
  const parts: Parts = new Map();
  let isStopped = false;
  const stopListening = await kv.subscribe(linkChannel(processId), (text) => {
    try {
      const { from, items } = unpackItems(text, parts);
      for (const item of items) onItem(from, item);
    } catch (error) {
      log.error("netplay could not handle what another process sent", { error });
    }
  });
  const drain = async (to: string, outbox: Outbox) => {
    while (outbox.items.length > 0) {
      const { message, count, rest } = packItems(processId, outbox.items, outbox.isRest);
      const sent = outbox.items.splice(0, rest === null ? count : 1);
      outbox.chars -= sent.reduce((sum, each) => sum + each.length, 0);
      outbox.isRest = rest !== null;
      if (rest !== null) {
        outbox.items.unshift(rest);
        outbox.chars += rest.length;
      }
      await kv.publish(linkChannel(to), message).catch((error: unknown) => {
        log.warn("netplay could not reach another process", { error });
      });
    }
    outbox.sending = null;
    outboxes.delete(to);
  };
  return {
    send(to, item, urgency) {
      if (isStopped) return;
      const outbox = outboxes.get(to) ?? { items: [], isRest: false, chars: 0, sending: null };
      const most = urgency === "quick" ? LINK_WAITING_BYTES : LINK_WAITING_BYTES_MAX;
      if (urgency !== "state" && outbox.chars > most) return;
      outboxes.set(to, outbox);
      const text = JSON.stringify(item);
      outbox.items.push(text);
      outbox.chars += text.length;
      outbox.sending ??= drain(to, outbox);
    },
    async stop() {
      isStopped = true;
      await Promise.all([...outboxes.values()].map(({ sending }) => sending));
      await stopListening();
    },
  };
}
