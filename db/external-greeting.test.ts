import { describe, expect, test } from "bun:test";
import { parseGreeting } from "./external-greeting.ts";

/** A MariaDB 11 greeting as sent on connect: length, sequence, protocol 10, version, the rest shortened. */
const MARIADB = Buffer.concat([
  Buffer.from("4a0000000a", "hex"),
  Buffer.from("5.5.5-10.11.6-MariaDB\0", "latin1"),
  Buffer.from("0500000024555f4d", "hex"),
]);
const MYSQL = Buffer.concat([Buffer.from("490000000a", "hex"), Buffer.from("8.4.3\0", "latin1")]);
const MARIADB_REFUSAL = Buffer.concat([
  Buffer.from("45000000ff6a04", "hex"),
  Buffer.from("Host '10.0.0.1' is not allowed to connect to this MariaDB server", "latin1"),
]);

describe("parseGreeting", () => {
  test.each([
    ["PostgreSQL with TLS", Buffer.from("S"), { kind: "postgres", offersTls: true }],
    ["PostgreSQL without TLS", Buffer.from("N"), { kind: "postgres", offersTls: false }],
    [
      "PostgreSQL that is full",
      Buffer.from("450000003553464154414c00", "hex"),
      { kind: "postgres", offersTls: false },
    ],
    ["MariaDB", MARIADB, { kind: "mysql", product: "MariaDB" }],
    ["MySQL", MYSQL, { kind: "mysql", product: "MySQL" }],
    ["MariaDB that refuses our host", MARIADB_REFUSAL, { kind: "mysql", product: "MariaDB" }],
    ["SSH", Buffer.from("SSH-2.0-OpenSSH_9.2\r\n"), { kind: "other", text: "SSH-2.0-OpenSSH_9.2" }],
    ["memcached", Buffer.from("ERROR\r\n"), { kind: "other", text: "ERROR" }],
    [
      "HTTP",
      Buffer.from(`HTTP/1.1 400 ${"x".repeat(99)}`),
      { kind: "other", text: `HTTP/1.1 400 ${"x".repeat(27)}` },
    ],
    ["five zero bytes", Buffer.alloc(5), { kind: "other", text: "" }],
    ["a MySQL header cut short", MARIADB.subarray(0, 4), { kind: "other", text: "J" }],
  ] as const)("recognises %s", (_name, bytes, expected) => {
    expect(parseGreeting(bytes)).toEqual(expected);
  });
});
