import type { Json } from "@mission-control/protocol";

const REPLACEMENT = "[secret]";
/** A secret in some further form, such as with its middle left out: a gateway masks what it takes for one so. */
const ANY_SECRET = /whsec_[\w+/=%.…-]+/g;

/** Makes a function that takes a secret out of texts, in each form an agent may write it in a command, and any like it. */
export function redactor(secret: string): (text: string) => string {
  const key = secret.replace(/^whsec_/, "");
  const forms = [secret, encodeURIComponent(secret), key, encodeURIComponent(key)].filter(
    (form) => form !== "",
  );
  return (text) =>
    forms
      .reduce((left, form) => left.replaceAll(form, REPLACEMENT), text)
      .replaceAll(ANY_SECRET, REPLACEMENT);
}

/** The same value with every text in it redacted. */
export function redactAll(value: Json, redact: (text: string) => string): Json {
  if (typeof value === "string") return redact(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => redactAll(item, redact));
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, redactAll(field, redact)]));
}
