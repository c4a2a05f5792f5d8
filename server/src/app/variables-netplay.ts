import type { Variable } from "./variables.ts";

/** Environment variables of netplay in browsers and apps. */
export const NETPLAY_VARIABLES = {
  MULTITAP_NETPLAY_REQUIRE_AUTH: {
    kind: "flag",
    fallback: "false",
    meaning: "Let only signed-in players open, join and list netplay rooms.",
  },
  MULTITAP_NETPLAY_PING_INTERVAL: {
    kind: "int",
    fallback: "25",
    meaning: "Seconds between two signs of life of the netplay sockets.",
    range: [1, 100],
  },
  MULTITAP_NETPLAY_PING_TIMEOUT: {
    kind: "int",
    fallback: "60",
    meaning: "Seconds a player may leave such a sign unanswered.",
    range: [1, 600],
  },
  MULTITAP_NETPLAY_SOCKET_MESSAGES: {
    kind: "int",
    fallback: "500",
    meaning: "Messages a second of one player; one who sends more for 10 s is let go.",
    range: [10, 1_000_000],
  },
  MULTITAP_NETPLAY_SOCKET_BYTES: {
    kind: "int",
    fallback: "4194304",
    meaning: "Bytes a second of one player, likewise.",
    range: [1_024, 1_099_511_627_776],
  },
  MULTITAP_NETPLAY_ROOM_MESSAGES: {
    kind: "int",
    fallback: "4000",
    meaning: "Messages a second that all players of a room send each other; more for 10 s is dropped.",
    range: [10, 1_000_000],
  },
  MULTITAP_NETPLAY_ROOM_BYTES: {
    kind: "int",
    fallback: "8388608",
    meaning: "Bytes a second of a room, likewise.",
    range: [1_024, 1_099_511_627_776],
  },
  MULTITAP_TURN_URLS: {
    kind: "list",
    fallback: null,
    meaning: "TURN and STUN servers for netplay in browsers, such as `turn:turn.example:3478`.",
  },
  MULTITAP_TURN_SECRET: {
    kind: "secret",
    fallback: null,
    meaning: "`static-auth-secret` of that coturn; each player gets credentials of their own.",
  },
  MULTITAP_TURN_TTL_SECONDS: {
    kind: "int",
    fallback: "43200",
    meaning: "Life of those credentials.",
    range: [60, 2_592_000],
  },
} as const satisfies Record<string, Variable>;
