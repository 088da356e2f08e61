import pg, { type Connection, type QueryResult } from "pg";
import { parameterOf } from "./parameter.ts";
import type { Statement } from "./statement.ts";

/** What the driver's connection can do beyond its declared types. */
interface Wire {
  stream: Connection["stream"];
  /** Texts of the statements that are prepared on it for certain, by name. */
  parsedStatements: Record<string, string>;
  parse(statement: { name: string; text: string }): void;
  bind(values: { statement: string; values: unknown[]; valueMapper: typeof parameterOf }): void;
  describe(portal: { type: "P"; name: string }): void;
  execute(): void;
  close(statement: { type: "S"; name: string }): void;
  sync(): void;
}

/**
 * Statements that the database gets in one piece and answers in one, behind one Sync of the protocol. The driver by itself
 * sends one behind each statement; for each, the database writes an answer of its own and wakes this process up.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
export class Batch extends pg.Query {
  /** The driver calls it once, and puts its timeout around it. */
  callback: (error: unknown, answers: QueryResult | QueryResult[]) => void;
  readonly #statements: readonly Statement[];
  #wire: Wire | undefined;

  constructor(
    statements: readonly Statement[],
    resolve: (answers: QueryResult[]) => void,
    reject: (error: unknown) => void,
  ) {
    super("");
    this.#statements = statements;
    this.callback = (error, answers) => {
      if (error) return reject(error);
      this.#noteParsed();
      // As for several statements in one text: an array where there are more than one.
      resolve(Array.isArray(answers) ? answers : [answers]);
    };
  }

  override submit = (connection: Connection): void => {
    const wire = connection as unknown as Wire;
    this.#wire = wire;
    wire.stream.cork();
    try {
      for (const statement of this.#statements) {
        const { name, text, values } = typeof statement === "string" ? unnamed(statement) : statement;
        if (name === "") wire.parse({ name, text });
        else if (wire.parsedStatements[name] === undefined) {
          // It may be there nevertheless: by a batch that is not answered yet, or that failed behind it.
          wire.close({ type: "S", name });
          wire.parse({ name, text });
        }
        wire.bind({ statement: name, values, valueMapper: parameterOf });
        wire.describe({ type: "P", name: "" });
        wire.execute();
      }
      wire.sync();
    } finally {
      wire.stream.uncork();
    }
  };

  #noteParsed(): void {
    for (const statement of this.#statements) {
      if (typeof statement !== "string" && this.#wire) {
        this.#wire.parsedStatements[statement.name] = statement.text;
      }
    }
  }
}

function unnamed(text: string) {
  return { name: "", text, values: [] };
}
