/** What can be shown where a text is printed. */
export interface Terminal {
	readonly colour: boolean;
	/** Undefined where nobody looks at a screen of some width. */
	readonly width: number | undefined;
	/** Whether it opens links in texts (OSC 8). */
	readonly links: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Colours and links are for terminals alone: elsewhere they would be noise. */
export function terminalOf(
	stream: {readonly isTTY?: boolean; readonly columns?: number},
	environment: Environment,
): Terminal {
	if (stream.isTTY !== true) return {colour: false, width: undefined, links: false};
	const plain = environment['TERM'] === 'dumb';
	return {
		colour: !plain && (environment['NO_COLOR'] ?? '') === '',
		width: stream.columns === undefined || stream.columns <= 0 ? undefined : stream.columns,
		links: !plain && opensLinks(environment),
	};
}

/** Terminals do not answer whether they do; these are known to, and others show the escape as text or swallow it. */
function opensLinks(environment: Environment): boolean {
	const {TERM = '', TERM_PROGRAM = '', VTE_VERSION = '', WT_SESSION, DOMTERM, TMUX, STY} = environment;
	// A multiplexer stands between, and the variables are those of the terminal behind it.
	if (TMUX !== undefined || STY !== undefined) return false;
	return (
		['iTerm.app', 'WezTerm', 'vscode', 'ghostty', 'Hyper', 'rio'].includes(TERM_PROGRAM) ||
		/^(?:xterm-kitty|xterm-ghostty|alacritty|foot|contour)/.test(TERM) ||
		Number(VTE_VERSION) >= 5000 ||
		WT_SESSION !== undefined ||
		DOMTERM !== undefined
	);
}
