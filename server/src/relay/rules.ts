import type { RelaySession } from "./contract.ts";

/** Where somebody can reach a relay. */
export interface Reach {
  readonly address: string;
  readonly port: number;
}

/** Host of an address of ours, without the brackets of IPv6; null for what is none. */
export function findHost(url: string | null | undefined): string | null {
  const host = url ? (URL.parse(url)?.hostname ?? "") : "";
  return host === "" ? null : host.replace(/^\[(.*)\]$/, "$1");
}

/** What RetroArch is given to join: in its menu, and behind `--connect`. */
export function formatJoin(
  { address, port }: Reach,
  sessionId: string,
): Pick<RelaySession, "joinLine" | "command"> {
  const joinLine = `${address}|${port}|${sessionId}`;
  // The bars mean something to a shell; nothing that stands between them needs a quote itself.
  return { joinLine, command: `retroarch --connect "${joinLine}"` };
}

/** A checksum as announcements write it, in the library's form; null for none. */
export function readCrc32(text: string | undefined): string | null {
  if (text === undefined || /^0*$/.test(text)) return null;
  return text.toLowerCase();
}
