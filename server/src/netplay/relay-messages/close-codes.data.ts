/**
 * How the server closes a connection of the raw relay: code, and reason.
 * @source server/docs/protocols/netplay-relay.md, "Closing"
 */
export const CLOSE = {
  left: [1000, "NETPLAY_LEFT"],
  stopping: [1001, "NETPLAY_STOPPING"],
  failed: [1011, "NETPLAY_FAILED"],
  messageInvalid: [4400, "NETPLAY_MESSAGE_INVALID"],
  ticketInvalid: [4401, "NETPLAY_TICKET_INVALID"],
  removed: [4403, "NETPLAY_REMOVED"],
  roomNotFound: [4404, "NETPLAY_ROOM_NOT_FOUND"],
  silent: [4408, "NETPLAY_SILENT"],
  replaced: [4409, "NETPLAY_REPLACED"],
  roomClosed: [4410, "NETPLAY_ROOM_CLOSED"],
  messageTooLarge: [4413, "NETPLAY_MESSAGE_TOO_LARGE"],
  roomElsewhere: [4421, "NETPLAY_ROOM_ELSEWHERE"],
  roomFull: [4423, "NETPLAY_ROOM_FULL"],
  seatTaken: [4423, "NETPLAY_SEAT_TAKEN"],
  versionUnsupported: [4426, "NETPLAY_VERSION_UNSUPPORTED"],
  tooSlow: [4428, "NETPLAY_TOO_SLOW"],
  budgetSpent: [4429, "NETPLAY_BUDGET_SPENT"],
  roomsFull: [4503, "NETPLAY_ROOMS_FULL"],
} as const satisfies Readonly<Record<string, readonly [code: number, reason: string]>>;

export type CloseName = keyof typeof CLOSE;
