import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { restRoutes } from "./rest.ts";
import { createTestApp, type TestApp } from "./testing.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp();
});
afterAll(async () => {
  await app.close();
});

describe("the API documentation", () => {
  test.each(["/openapi.json", "/api/openapi.json"])(
    "is an OpenAPI document with every route at %s",
    async (path) => {
      const response = await app.fetch(path);
      expect(response.headers.get("content-type")).toBe("application/json");
      const document = (await response.json()) as {
        openapi: string;
        paths: Record<string, Record<string, unknown>>;
      };
      expect(document.openapi).toBe("3.1.0");
      for (const route of restRoutes)
        expect(document.paths[route.path]).toHaveProperty(route.method.toLowerCase());
    },
  );

  test.each(["/api/docs", "/api/redoc", "/api/docs/"])(
    "is a page without anything from elsewhere at %s",
    async (path) => {
      const response = await app.fetch(path);
      expect(response.status).toBe(200);
      const page = await response.text();
      expect(page).toContain("openapi.json");
      expect(page).not.toMatch(/https?:\/\//);
    },
  );

  test("serves its viewer from this machine, and nothing else of that package", async () => {
    const script = await app.fetch("/api/docs/assets/swagger-ui-bundle.js");
    expect(script.status).toBe(200);
    expect(script.headers.get("content-type")).toBe("text/javascript");
    expect(Number(script.headers.get("content-length"))).toBeGreaterThan(100_000);
    expect((await app.fetch("/api/docs/assets/package.json")).status).toBe(404);
    expect((await app.fetch("/api/docs/assets/..%2Fpackage.json")).status).toBe(404);
  });
});

describe("paths outside the doors", () => {
  test("shows a page at the root", async () => {
    const response = await app.fetch("/");
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("<title>Multitap</title>");
  });
  test.each(["/api/nothing", "/assets/none.png", "/index.php", "/favicon.ico"])(
    "answers %s with an honest 404, never with a page",
    async (path) => {
      const response = await app.fetch(path);
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual({ detail: "Not Found" });
    },
  );
  test("answers a resource that is not kept with an honest 404, never with a page", async () => {
    const response = await app.fetch("/assets/romm/resources/none.png");
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ detail: "Resource not found" });
  });
});
