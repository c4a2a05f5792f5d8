import type { StoredRomProps } from "./contract.ts";

/** What an account keeps about a rom, in the compatible shape. */
export function toRomUserWire(props: StoredRomProps) {
  return {
    id: props.id,
    user_id: props.userId,
    rom_id: props.romId,
    created_at: props.createdAt,
    updated_at: props.updatedAt,
    last_played: props.lastPlayedAt,
    is_main_sibling: props.isMainSibling,
    backlogged: props.isBacklogged,
    now_playing: props.isNowPlaying,
    hidden: props.isHidden,
    rating: props.rating,
    difficulty: props.difficulty,
    completion: props.completion,
    status: props.status,
  };
}

/** Two wishes that come in the query of some apps and in the body of others. */
export interface PlayedFlags {
  readonly updateLastPlayed?: boolean | undefined;
  readonly removeLastPlayed?: boolean | undefined;
}

/** Names under which some apps wrap the fields. */
const WRAPPERS = ["props", "data"] as const;

/**
 * Takes the changes out of a JSON body, flat or wrapped; apps may send more, which is ignored. A null stands for a
 * field that was not sent, but for the status, of which it is a value.
 * @returns Null for what is no object.
 */
export function fromPropsWire(body: unknown, flags: PlayedFlags): Readonly<Record<string, unknown>> | null {
  if (!isRecord(body)) return null;
  const wrapped = WRAPPERS.map((name) => body[name]).filter(isRecord);
  const sent: Readonly<Record<string, unknown>> = Object.assign({}, body, ...wrapped);
  const isUpdate = flags.updateLastPlayed === true || sent.update_last_played === true;
  const isRemoval = flags.removeLastPlayed === true || sent.remove_last_played === true;
  return {
    isMainSibling: sent.is_main_sibling ?? undefined,
    isBacklogged: sent.backlogged ?? undefined,
    isNowPlaying: sent.now_playing ?? undefined,
    isHidden: sent.hidden ?? undefined,
    rating: sent.rating ?? undefined,
    difficulty: sent.difficulty ?? undefined,
    completion: sent.completion ?? undefined,
    status: sent.status,
    lastPlayed: isUpdate ? "now" : isRemoval ? "never" : undefined,
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
