import type { Message } from "../message.ts";
import type { Notice } from "../notice.ts";

/** RFC 5322, section 2.1.1, has lines end by 998 octets; whoever reads it sees far less of a subject. */
const SUBJECT_LENGTH = 200;

/** An e-mail: its text, and the same in simple HTML, in which what an agent wrote is text and nothing else. */
export function mailMessage({ title, text, link }: Notice): Message {
  const body = [title, text, link ?? ""].filter(Boolean).join("\n\n");
  const html = [
    `<p><strong>${escaped(title)}</strong></p>`,
    text === "" ? "" : `<p style="white-space: pre-wrap">${escaped(text)}</p>`,
    link === null ? "" : `<p><a href="${escaped(link)}">${escaped(link)}</a></p>`,
  ];
  const subject = title.replaceAll(/\p{Cc}+/gu, " ").slice(0, SUBJECT_LENGTH);
  return {
    contentType: "text/plain; charset=utf-8",
    body: `${body}\n`,
    mail: { subject, html: html.filter(Boolean).join("\n") },
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
