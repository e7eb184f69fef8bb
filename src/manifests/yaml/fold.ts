/** What stands for the line breaks inside of a text: the first alone is a blank, unless it is one of Unicode's own. */
export function fold(leading: string, trailing: string): string {
	if (leading !== '\n') return leading + trailing;
	return trailing === '' ? ' ' : trailing;
}
