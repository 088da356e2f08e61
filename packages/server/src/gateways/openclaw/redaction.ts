const REPLACEMENT = "[secret]";

/** Makes a function that takes a secret out of texts, in each form an agent may write it in a command. */
export function redactor(secret: string): (text: string) => string {
  const key = secret.replace(/^whsec_/, "");
  const forms = [secret, encodeURIComponent(secret), key, encodeURIComponent(key)].filter(
    (form) => form !== "",
  );
  return (text) => forms.reduce((left, form) => left.replaceAll(form, REPLACEMENT), text);
}
