import { AgentDirectory } from "../agents/agent-directory.ts";
import { AgentEditor } from "../agents/agent-editor.ts";
import { AgentProbe } from "../agents/agent-probe.ts";
import { Budgets } from "../budgets/budgets.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import type { ExchangeLog } from "../exchanges/exchange-log.ts";
import type { AgentTarget } from "../gateways/gateway.ts";
import { GatewayEditor } from "../gateways/gateway-editor.ts";
import { GATEWAY_KINDS } from "../gateways/kinds.ts";
import { GatewayRegistry } from "../gateways/registry.ts";
import { Insights } from "../insights/insights.ts";
import type { Base } from "./base.ts";

/** The ways to agents, what is known of them, and what hands tasks to them. */
export interface AgentSide {
  gateways: GatewayRegistry;
  gatewayEditor: GatewayEditor;
  agents: AgentDirectory;
  agentEditor: AgentEditor;
  budgets: Budgets;
  dispatcher: Dispatcher;
  /** Connects, and takes up what an earlier process left; the server has to be listening. */
  start(): Promise<void>;
}

/** Opens what deals with agents; nothing goes out before it is started. */
export async function openAgentSide(base: Base, exchanges: ExchangeLog): Promise<AgentSide> {
  const { settings, store, now, logger, metrics, contents, keys, identityDir, address, opened } = base;
  const allowLinkLocal = settings.allowPrivateWebhooks;
  const gateways = opened.add(
    new GatewayRegistry({
      store,
      kinds: GATEWAY_KINDS,
      logger,
      now,
      identityDir,
      allowLinkLocal,
      answersApprovals: settings.openclawApprovals,
      exchanges,
      ...firstGateway(base),
    }),
  );
  const reachability = (target: AgentTarget) => gateways.reachability(target);
  const adapterFor = (target: AgentTarget) => gateways.adapterFor(target);
  const agents = opened.add(await AgentDirectory.open({ store, now, reachability }));
  const insights = new Insights({ store, now });
  const budgets = opened.add(await Budgets.open({ store, insights, now }));
  const dispatcher = opened.add(
    new Dispatcher({
      store,
      agents,
      adapterFor,
      reachesHere: (target) => gateways.reachesHere(target),
      contents,
      publicUrl: () => address.publicUrl,
      serverKey: keys.serverKey,
      logger,
      metrics,
      exchanges,
      budgets,
    }),
  );
  return {
    gateways,
    gatewayEditor: new GatewayEditor({ store, gateways, now }),
    agents,
    agentEditor: new AgentEditor({ store, agents, now, allowLinkLocal }),
    budgets,
    dispatcher,
    start: async () => {
      await gateways.start({
        onRunEvent: (event) => dispatcher.onRunEvent(event),
        onRoutesChange: () => dispatcher.review(),
        onReachabilityChange: () => {
          agents.announceReachability().catch((error: unknown) => {
            logger.error({ err: error }, "which agents can be reached could not be stored");
          });
        },
      });
      await dispatcher.start();
      const owns = (agentId: string) => dispatcher.owns(agentId);
      opened.add(new AgentProbe({ agents, owns, adapterFor, logger })).start();
    },
  };
}

/** The gateway that the settings name, if they do. */
function firstGateway({ settings }: Base): { first?: { url: string; token?: string } } {
  const { openclawGatewayUrl: url, openclawGatewayToken: token } = settings;
  if (url === undefined) return {};
  return { first: { url, ...(token === undefined ? {} : { token }) } };
}
