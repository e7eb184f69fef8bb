/**
 * JSON in which every character that a terminal obeys, hides or turns around is an escape: the same data, and safe to look
 * at.
 */
export function jsonText(value: unknown): string {
	const text = JSON.stringify(value, undefined, 2).replaceAll(
		/[\u007F-\u009F\p{Cf}\p{Zl}\p{Zp}\uFFFE\uFFFF]/gu,
		escape,
	);
	return `${text}\n`;
}

function escape(character: string): string {
	return Array.from({length: character.length}, (_, index) => {
		const unit = character.charCodeAt(index).toString(16).padStart(4, '0');
		return String.raw`\u` + unit;
	}).join('');
}
