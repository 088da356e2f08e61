import { z } from "zod";
import { absentOr, idSchema, timestampSchema } from "./common.ts";

/** What is taken of an artifact whose media type nobody told. */
export const UNKNOWN_MEDIA_TYPE = "application/octet-stream";

/** A SHA-256 in hexadecimal; comes out in lower case. */
export const sha256Schema = z
  .string()
  .regex(/^[0-9a-f]{64}$/i, "must be 64 hexadecimal digits")
  .transform((text) => text.toLowerCase());

/** A file's name, of no folder: it becomes the name of what is downloaded. */
export const artifactNameSchema = z
  .string()
  .min(1)
  .max(255)
  .refine((name) => !/[\p{Cc}\p{Zl}\p{Zp}/\\]/u.test(name), "must hold no slashes and no control characters")
  .refine((name) => name !== "." && name !== ".." && name === name.trim(), "must be a file's name");

/** A media type, with or without parameters (RFC 9110, section 8.3.1). */
export const mediaTypeSchema = z
  .string()
  .max(255)
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+([ \t]*;[\x20-\x7e\t]*)?$/, {
    message: "must be a media type, such as text/x-patch",
  });

/**
 * An artifact inside a callback: all of it, as text or in base64, with the SHA-256 of its bytes, so that what arrives
 * is what was sent.
 */
export const reportedArtifactSchema = z.object({
  name: artifactNameSchema,
  mediaType: absentOr(mediaTypeSchema),
  content: z.string(),
  encoding: absentOr(z.enum(["utf8", "base64"])),
  sha256: absentOr(sha256Schema),
});
export type ReportedArtifact = z.infer<typeof reportedArtifactSchema>;

/**
 * What an attempt left behind or, with `messageId`, what the operator sent its agent with a message. `size` is in bytes,
 * `sha256` in hexadecimal.
 */
export const artifactSchema = z.object({
  id: idSchema,
  name: z.string(),
  mediaType: z.string(),
  size: z.number().int(),
  sha256: z.string(),
  dispatchId: idSchema,
  messageId: idSchema.optional(),
  createdAt: timestampSchema,
});
export type ArtifactView = z.infer<typeof artifactSchema>;
