import type {DatabaseInfo, DecisionReason, GateDecision, ImageDecision} from '../types.ts';

/** What every report format is made from: the decision, and the words that run.ts has for it. */
export interface Report {
	readonly application: string;
	readonly decision: GateDecision;
	/** Documents that are passed on as JSON, because readers of YAML disagree about them; reasons continue "it has …". */
	readonly odd: readonly {
		readonly document: number;
		readonly line: number;
		readonly file: string | undefined;
		readonly reasons: readonly string[];
	}[];
	/** Of the scans; undefined when nothing was scanned. */
	readonly database: DatabaseInfo | undefined;
	readonly trivyVersion: string;
	readonly summary: string;
	readonly explain: (reason: DecisionReason) => string;
	/** What to do about an image, in sentences. */
	readonly advise: (image: ImageDecision) => readonly string[];
}
