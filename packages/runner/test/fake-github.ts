import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { wholeRequests } from "../../protocol/test/whole-requests.ts";

/** What `gh pr create` asks GitHub to open. */
export interface OpenedPullRequest {
  baseRefName: string;
  headRefName: string;
  title: string;
  body: string;
}

const REPOSITORY = {
  id: "R_1",
  name: "app",
  owner: { login: "acme" },
  hasIssuesEnabled: true,
  description: "",
  hasWikiEnabled: false,
  viewerPermission: "WRITE",
  defaultBranchRef: { name: "main" },
  parent: null,
  mergeCommitAllowed: true,
  rebaseMergeAllowed: true,
  squashMergeAllowed: true,
};

/**
 * GitHub's GraphQL API, as far as `gh pr create` needs it, for the host `github.localhost`: the one that `gh` speaks plain
 * HTTP with. It is reached as a proxy, so that it needs neither that name nor port 80.
 */
export class FakeGitHub {
  readonly opened: OpenedPullRequest[] = [];
  /** What it was sent as `Authorization`. */
  readonly tokens = new Set<string | undefined>();
  /** Queries it has no answer for. */
  readonly unknown: string[] = [];
  readonly #server = createServer(wholeRequests((...exchange) => this.#answer(...exchange)));

  static async listen(): Promise<FakeGitHub> {
    const fake = new FakeGitHub();
    fake.#server.listen(0, "127.0.0.1");
    await once(fake.#server, "listening");
    return fake;
  }

  /** What `gh` has to be run with to reach it. */
  get environment(): Record<string, string> {
    const { port } = this.#server.address() as AddressInfo;
    return { HTTP_PROXY: `http://127.0.0.1:${port}`, GH_HOST: "github.localhost" };
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const { query, variables } = JSON.parse(String(body)) as {
      query: string;
      variables: { input?: OpenedPullRequest };
    };
    this.tokens.add(request.headers.authorization);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ data: this.#data(query, variables.input) }));
  }

  #data(query: string, input: OpenedPullRequest | undefined): object {
    if (query.includes("RepositoryNetwork")) return { viewer: { login: "me" }, repo_000: REPOSITORY };
    if (query.includes("RepositoryInfo")) return { repository: REPOSITORY };
    if (query.includes("PullRequestForBranch")) {
      return { repository: { pullRequests: { nodes: [] }, defaultBranchRef: { name: "main" } } };
    }
    if (query.includes("PullRequestCreate") && input) {
      this.opened.push(input);
      const url = `http://github.localhost/acme/app/pull/${this.opened.length}`;
      return { createPullRequest: { pullRequest: { id: "PR_1", url } } };
    }
    this.unknown.push(query);
    return {};
  }
}
