import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import {
  findKnownKeys,
  judgeKey,
  readKeyType,
  toFingerprint,
  toHostKeyAlgorithms,
  toHostName,
} from "./rules.ts";

/** A key of a type with some bytes, as it travels. */
function makeBlob(type: string, content: string): Buffer {
  const field = (text: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([length, Buffer.from(text)]);
  };
  return Buffer.concat([field(type), field(content)]);
}

const ED = makeBlob("ssh-ed25519", "a".repeat(32));
const RSA = makeBlob("ssh-rsa", "b".repeat(256));
const line = (names: string, blob = ED) => `${names} ${readKeyType(blob)} ${blob.toString("base64")}`;

function hash(name: string): string {
  const salt = Buffer.from("0123456789abcdefghij");
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

describe("findKnownKeys", () => {
  test.each([
    ["a plain name", line("deck.lan"), "deck.lan", 22, 1],
    ["whatever the case", line("Deck.LAN"), "DECK.lan", 22, 1],
    ["one of several names", line("10.0.0.5,deck.lan"), "10.0.0.5", 22, 1],
    ["a name with its port", line("[deck.lan]:2222"), "deck.lan", 2222, 1],
    ["not the name without the port", line("deck.lan"), "deck.lan", 2222, 0],
    ["not another port", line("[deck.lan]:2222"), "deck.lan", 22, 0],
    ["a hashed name", line(hash("deck.lan")), "deck.lan", 22, 1],
    ["a hashed name with its port", line(hash("[deck.lan]:2222")), "deck.lan", 2222, 1],
    ["not another hashed name", line(hash("deck.lan")), "tv.lan", 22, 0],
    ["a hash of an unknown sort", line(hash("deck.lan").replace("|1|", "|2|")), "deck.lan", 22, 0],
    ["a damaged hash", line("|1|x"), "deck.lan", 22, 0],
    ["any host of a pattern", line("*.lan"), "deck.lan", 22, 1],
    ["one character of a pattern", line("deck?.lan"), "deck1.lan", 22, 1],
    ["not what a pattern leaves out", line("*.lan,!deck.lan"), "deck.lan", 22, 0],
    ["an IPv6 address", line("[::1]:2222"), "::1", 2222, 1],
    ["a comment behind the key", `${line("deck.lan")} me@deck`, "deck.lan", 22, 1],
    ["tabs and other line ends", `${line("deck.lan").replaceAll(" ", "\t")}\r\n`, "deck.lan", 22, 1],
    ["a line that is a comment", `# ${line("deck.lan")}`, "deck.lan", 22, 0],
    ["a certificate authority", `@cert-authority ${line("deck.lan")}`, "deck.lan", 22, 0],
    ["a type that is not the key's", line("deck.lan").replace("ssh-ed25519", "ssh-rsa"), "deck.lan", 22, 0],
    ["a line without a key", "deck.lan ssh-ed25519", "deck.lan", 22, 0],
    ["what is no Base64", "deck.lan ssh-ed25519 !!!!!!!!!!!!!!!!!!!!", "deck.lan", 22, 0],
    ["an old protocol's line", "deck.lan 1024 35 1234567890", "deck.lan", 22, 0],
    ["an empty file", "", "deck.lan", 22, 0],
  ])("knows %s", (_what, text, host, port, count) => {
    expect(findKnownKeys(text, host, port)).toHaveLength(count);
  });

  test("gives every key of a host, with the revoked ones", () => {
    const text = [line("deck.lan"), line("deck.lan", RSA), `@revoked ${line("*", RSA)}`].join("\n");
    const keys = findKnownKeys(text, "deck.lan", 22);
    expect(keys.map(({ type, isRevoked }) => [type, isRevoked])).toEqual([
      ["ssh-ed25519", false],
      ["ssh-rsa", false],
      ["ssh-rsa", true],
    ]);
    expect(judgeKey(ED, keys)).toBe("known");
    expect(judgeKey(RSA, keys)).toBe("revoked");
    expect(judgeKey(makeBlob("ssh-ed25519", "c".repeat(32)), keys)).toBe("changed");
  });

  test("comes to an end with a hostile pattern", () => {
    // Tried star by star, this would take longer than any test may.
    const hostile = "*a".repeat(2_000);
    expect(findKnownKeys(line(`${hostile}b`), "a".repeat(255), 22)).toHaveLength(0);
    expect(findKnownKeys(line(`${"*a".repeat(255)}*`), "a".repeat(255), 22)).toHaveLength(1);
  });
});

test("toHostKeyAlgorithms asks for what is known alone, and RSA without SHA-1", () => {
  const keys = findKnownKeys([line("x", RSA), line("x")].join("\n"), "x", 22);
  expect(toHostKeyAlgorithms(keys)).toEqual(["ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"]);
  expect(toHostKeyAlgorithms(findKnownKeys(`@revoked ${line("x")}`, "x", 22))).toEqual([]);
  expect(toHostKeyAlgorithms(findKnownKeys(line("x", makeBlob("ssh-dss", "old key")), "x", 22))).toEqual([]);
});

test.each([
  [Buffer.alloc(0), null],
  [Buffer.from([0, 0, 0, 9, 1]), null],
  [Buffer.from([255, 255, 255, 255]), null],
  [makeBlob("x".repeat(100), ""), null],
  [makeBlob("ssh-ed25519", ""), "ssh-ed25519"],
])("readKeyType reads bytes that may be none of a key (%#)", (bytes, type) => {
  expect(readKeyType(bytes)).toBe(type);
});

test("names and fingerprints read as OpenSSH writes them", () => {
  expect([toHostName("Deck", 22), toHostName("Deck", 2222)]).toEqual(["deck", "[deck]:2222"]);
  expect(toFingerprint(ED)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
});
