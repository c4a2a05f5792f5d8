import { createHmac, timingSafeEqual } from "node:crypto";
import * as v from "valibot";
import { Id } from "../../base/schemas.ts";
import { CONTENT_TICKET_CHARS_MAX } from "../limits.ts";

/** What a ticket opens, and for how long. */
export interface ContentTicket {
  readonly userId: number;
  /** Path and query of the bytes, without the ticket and without the file's name, which is decoration. */
  readonly place: string;
  readonly expiresAtMs: number;
}

/** Read before anything is proved, and the owner is looked up by it: it must be an id that a row can have. */
const Claims = v.object({ u: Id, p: v.string(), e: v.number() });
const CONTENT_PATH = /^(\/api\/roms\/\d+\/content)(?:\/[^/]*)?\/?$/;

/**
 * Names the bytes that a URL asks for, the same way whatever decorates it.
 * @returns Null for a URL that is not about content.
 */
export function toContentPlace(path: string, query: URLSearchParams): string | null {
  const content = CONTENT_PATH.exec(path)?.[1];
  if (content === undefined) return null;
  const fileIds = query.get("file_ids");
  return fileIds === null ? content : `${content}?file_ids=${fileIds}`;
}

/** The two secrets behind a ticket: ours, and one that ends with the owner's password. */
export interface TicketSecrets {
  readonly secretKey: string;
  readonly passwordMark: string;
}

/** Makes the text of a ticket. */
export function formatContentTicket(ticket: ContentTicket, secrets: TicketSecrets): string {
  const { userId: u, place: p, expiresAtMs: e } = ticket;
  const payload = Buffer.from(JSON.stringify({ u, p, e })).toString("base64url");
  return `${payload}.${sign(payload, secrets).toString("base64url")}`;
}

/** Reads what a ticket claims; null when it is not of our form. Nothing is proved until {@link isTicketGenuine}. */
export function readTicketClaims(text: string): ContentTicket | null {
  if (text.length > CONTENT_TICKET_CHARS_MAX) return null;
  const payload = Buffer.from(text.slice(0, Math.max(0, text.indexOf("."))), "base64url").toString();
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Claims), payload);
  if (!parsed.success) return null;
  return { userId: parsed.output.u, place: parsed.output.p, expiresAtMs: parsed.output.e };
}

/** Tells whether a ticket is one that we made under these secrets. */
export function isTicketGenuine(text: string, secrets: TicketSecrets): boolean {
  const dot = text.indexOf(".");
  const shown = Buffer.from(text.slice(dot + 1), "base64url");
  const expected = sign(text.slice(0, dot), secrets);
  return shown.length === expected.length && timingSafeEqual(shown, expected);
}

function sign(payload: string, { secretKey, passwordMark }: TicketSecrets): Buffer {
  const key = createHmac("sha256", secretKey).update("content-ticket").digest();
  return createHmac("sha256", key).update(`${payload}.${passwordMark}`).digest();
}
