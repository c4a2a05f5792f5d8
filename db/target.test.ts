import { describe, expect, test } from "bun:test";
import { catchError } from "./embedded/fixtures/clusters.ts";
import { type ConnectionTarget, describeTarget, formatTarget, parseTarget, withDatabase } from "./target.ts";

const socket: ConnectionTarget = { socketFolder: "/tmp/a b", user: "multitap", database: "dä/b", port: 5432 };
const url: ConnectionTarget = { url: "postgres://me:p%40ss@db.local:5433/games?sslmode=require" };

describe("a target as text", () => {
  test.each([
    ["socket", socket],
    ["URL", url],
  ])("comes back the same: a %s", (_name, target) => {
    expect(parseTarget(formatTarget(target))).toEqual(target);
  });
  test("may name a socket the way libpq does", () => {
    expect(parseTarget("postgresql:///games?host=/run/postgresql")).toEqual({
      socketFolder: "/run/postgresql",
      user: "multitap",
      database: "games",
      port: 5432,
    });
  });
  test.each([
    ["mysql://root:secret@db/romm", "E_DB_MARIADB"],
    ["mariadb+mariadbconnector://root:secret@db/romm", "E_DB_MARIADB"],
    ["http://secret@db", "E_DB_CONNECT"],
    ["db:5432 secret", "E_DB_CONNECT"],
    ["", "E_DB_CONNECT"],
  ])("%p is refused with %s, without repeating a password", async (text, code) => {
    const error = await catchError(Promise.try(() => parseTarget(text)));
    expect(error).toMatchObject({ code, exitCode: 78 });
    expect((error as Error).message).not.toContain("secret");
  });
});

describe("describeTarget", () => {
  test.each([
    ["me@db.local:5433/games", url],
    ["multitap@::1:5432/x", { url: "postgres://[::1]/x" }],
    ["multitap@/tmp/a b/dä/b", socket],
  ])("is %s", (expected, target) => {
    expect(describeTarget(target)).toBe(expected);
  });
});

describe("withDatabase", () => {
  test("changes only the database", () => {
    expect(withDatabase(socket, "x")).toEqual({ ...socket, database: "x" });
    expect(withDatabase(url, "x y")).toEqual({
      url: "postgres://me:p%40ss@db.local:5433/x%20y?sslmode=require",
    });
  });
});
