/** The environment variables of the raw relay. */
export const RELAY_ROOM_VARIABLES = {
  MULTITAP_NETPLAY_RELAY_ROOMS: {
    kind: "int",
    fallback: "200",
    meaning: "Rooms that one process opens for apps built with the client library.",
    range: [0, 100_000],
  },
  MULTITAP_NETPLAY_RELAY_MEMORY_MB: {
    kind: "int",
    fallback: "256",
    meaning: "Memory in MiB that those rooms keep for who comes back or joins late.",
    range: [1, 1_048_576],
  },
  MULTITAP_NETPLAY_RELAY_GRACE_SECONDS: {
    kind: "int",
    fallback: "30",
    meaning: "How long such a room keeps the seat of a player whose connection is cut.",
    range: [1, 600],
  },
  MULTITAP_NETPLAY_RELAY_MEMBER_MESSAGES: {
    kind: "int",
    fallback: "300",
    meaning: "Messages a second of one of its members; one who sends more for four seconds is let go.",
    range: [10, 1_000_000],
  },
  MULTITAP_NETPLAY_RELAY_MEMBER_KB: {
    kind: "int",
    fallback: "2048",
    meaning: "KiB a second of one of its members; sixteen seconds' worth may come at once.",
    range: [16, 1_048_576],
  },
  MULTITAP_NETPLAY_RELAY_ROOM_MESSAGES: {
    kind: "int",
    fallback: "5000",
    meaning: "Messages a second of all members of such a room.",
    range: [10, 1_000_000],
  },
  MULTITAP_NETPLAY_RELAY_ROOM_KB: {
    kind: "int",
    fallback: "8192",
    meaning: "KiB a second of all members of such a room.",
    range: [16, 1_048_576],
  },
} as const;
