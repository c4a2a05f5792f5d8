import type { RelayRoomFacts } from "../base/facts.ts";
import { type Environment, intOf } from "./read-environment.ts";

const KIB = 1024;

/** Reads how large the raw relay may become. */
export function readRelayRooms(environment: Environment): RelayRoomFacts {
  const whole = (name: Parameters<typeof intOf>[1]) => intOf(environment, name) ?? 0;
  return {
    roomsMax: whole("MULTITAP_NETPLAY_RELAY_ROOMS"),
    memoryBytesMax: whole("MULTITAP_NETPLAY_RELAY_MEMORY_MB") * KIB * KIB,
    graceMs: whole("MULTITAP_NETPLAY_RELAY_GRACE_SECONDS") * 1_000,
    memberMessagesPerSecond: whole("MULTITAP_NETPLAY_RELAY_MEMBER_MESSAGES"),
    memberBytesPerSecond: whole("MULTITAP_NETPLAY_RELAY_MEMBER_KB") * KIB,
    roomMessagesPerSecond: whole("MULTITAP_NETPLAY_RELAY_ROOM_MESSAGES"),
    roomBytesPerSecond: whole("MULTITAP_NETPLAY_RELAY_ROOM_KB") * KIB,
  };
}
