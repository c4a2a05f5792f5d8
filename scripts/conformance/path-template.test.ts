import { describe, expect, test } from "bun:test";
import { fillPath, findRoute, formOf, readParameters } from "./path-template.ts";

const routes = ["/api/roms", "/api/roms/{id}", "/api/roms/random", "/assets/{path}"].map((path) => ({
  method: "GET",
  path,
}));

describe("findRoute", () => {
  test.each([
    ["/api/roms", "/api/roms"],
    ["/api/roms/?limit=1", "/api/roms"],
    ["/api/roms/random", "/api/roms/random"],
    ["/api/roms/25", "/api/roms/{id}"],
    ["/assets/a/b.png", "/assets/{path}"],
  ])("finds the route of %s", (path, expected) => {
    expect(findRoute(routes, "GET", path)?.path).toBe(expected);
  });

  test("finds none for another method or a longer path", () => {
    expect(findRoute(routes, "POST", "/api/roms")).toBeNull();
    expect(findRoute(routes, "GET", "/api/roms/25/files")).toBeNull();
  });
});

describe("templates", () => {
  test("read and fill their parameters", () => {
    expect(readParameters("/api/{a}/x/{b}", "/api/1/x/two?q=3")).toEqual([
      ["a", "1"],
      ["b", "two"],
    ]);
    expect(readParameters("/api/{a}", "/other/1")).toBeNull();
    expect(fillPath("/api/{a}/{b}", { a: "1" })).toBe("/api/1/{b}");
  });

  test("have one form whatever their parameters are called", () => {
    expect(formOf("/api/{id}/x")).toBe(formOf("/api/{rom_id}/x"));
  });
});
