import { defineConfig } from "drizzle-kit";

/** Run `npx drizzle-kit generate` in this folder after changing a table; it needs no database. */
export default defineConfig({ dialect: "postgresql", schema: "./schema/*.ts", out: "./migrations" });
