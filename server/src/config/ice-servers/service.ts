import type { Context } from "../../base/context.ts";
import { findAccountId } from "../../base/identity.ts";
import type { IceServer } from "../../base/library-config-readings.ts";
import { mintTurnServers } from "./rules.ts";

/** Servers by which players' browsers find each other; none for callers who are not signed in. */
export async function listIceServers({
  ports,
  facts,
  identity,
}: Pick<Context, "ports" | "facts" | "identity">): Promise<readonly IceServer[]> {
  if (identity.kind !== "user") return [];
  const { emulatorJs } = await ports.settings.read();
  const { iceServers } = emulatorJs.netplay;
  const { turn } = facts.netplay;
  if (turn === null) return iceServers;
  const name = String(findAccountId(identity) ?? "operator");
  return [...iceServers, ...mintTurnServers(turn, name, ports.clock.now().getTime())];
}
