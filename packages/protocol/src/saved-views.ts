import { z } from "zod";
import { idSchema, shortTextSchema, timestampSchema } from "./common.ts";

/** So many views can be kept: more would be a list to search, not a rail to look at. */
export const MAX_SAVED_VIEWS = 100;

const nameSchema = shortTextSchema.max(64);
/** The query of the page's address, without `?`, such as `types=error&agent=agent_1`; empty for the page as it is. */
const searchSchema = z
  .string()
  .max(2048)
  .regex(/^[!-~]*$/, "must be the query of an address: printable ASCII without spaces");

/** The pages whose filters can be kept. */
export const savedViewPageSchema = z.enum(["activity", "board"]);
export type SavedViewPage = z.infer<typeof savedViewPageSchema>;

/** Filters of a page, kept under a name for everybody who logs in here. */
export const savedViewSchema = z.object({
  id: idSchema,
  name: nameSchema,
  page: savedViewPageSchema,
  search: searchSchema,
  createdAt: timestampSchema,
});
export type SavedView = z.infer<typeof savedViewSchema>;

/** The body of `POST /api/views`. */
export const createSavedViewSchema = savedViewSchema.pick({ name: true, page: true, search: true });
export type CreateSavedView = z.infer<typeof createSavedViewSchema>;

/** The body of `PATCH /api/views/:id`: what is absent stays as it is. */
export const patchSavedViewSchema = z
  .object({
    name: nameSchema,
    search: searchSchema,
    index: z.number().int().min(0).describe("Its new place in the list, from 0; past the end is the end."),
  })
  .partial();
export type PatchSavedView = z.infer<typeof patchSavedViewSchema>;
