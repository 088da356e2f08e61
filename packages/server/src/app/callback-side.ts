import { ArtifactKeeping } from "../callbacks/artifact-keeping.ts";
import { ArtifactUploads } from "../callbacks/artifact-uploads.ts";
import { CallbackLimits } from "../callbacks/callback-limits.ts";
import { CallbackIntake } from "../callbacks/intake.ts";
import { SignatureVerifier } from "../callbacks/signature.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { ExchangeLog } from "../exchanges/exchange-log.ts";
import { RefusedCallbacks } from "../exchanges/refused-callbacks.ts";
import type { Base } from "./base.ts";

/** What takes in what agents report and leave behind. */
export interface CallbackSide {
  intake: CallbackIntake;
  uploads: ArtifactUploads;
}

/** Opens the intake of signed callbacks and of artifacts. */
export function openCallbackSide(
  base: Base,
  exchanges: ExchangeLog,
  dispatcher: Pick<Dispatcher, "slotIsFreed">,
): CallbackSide {
  const { settings, limits, addresses, store, contents, keys, logger, metrics, now, opened } = base;
  const sharedSecrets = settings.webhookSecrets ?? [keys.webhookSecret];
  const verifier = new SignatureVerifier({ serverKey: keys.serverKey, sharedSecrets });
  const callbackLimits = new CallbackLimits(limits.callbacksPerDispatch, limits.callbacksPerAddress);
  const intake = new CallbackIntake({
    store,
    verifier,
    logger,
    metrics,
    limits: callbackLimits,
    artifacts: new ArtifactKeeping(contents),
    refused: opened.add(new RefusedCallbacks({ log: exchanges, keepsBodies: settings.refusedBodies, now })),
    now,
    slotIsFreed: (agentId) => dispatcher.slotIsFreed(agentId),
  });
  metrics.showArtifactBytes(() => contents.total());
  const uploads = new ArtifactUploads({
    store,
    contents,
    verifier,
    intake,
    limits: callbackLimits,
    pace: limits.pace(),
    addresses,
    metrics,
    maxBytes: limits.artifact,
    now,
  });
  return { intake, uploads };
}
