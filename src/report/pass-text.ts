import type {ReportReason} from './model.ts';

/** Why something that the policy refuses is not refused now. */
export function passText(pass: NonNullable<ReportReason['pass']>): string {
	switch (pass.kind) {
		case 'grace':
			return `in its grace period until ${pass.until}`;
		case 'readmitted': {
			const weaker = pass.evidence === 'live' ? '' : ', as far as the gate allowed it then';
			return `disclosed since it was deployed on ${pass.deployed}${weaker}, readmitted until ${pass.until}`;
		}
		case 'allowed-before':
			return `allowed at ${pass.allowedAt}`;
		case 'break-glass':
			return `break-glass by ${pass.grant.approver} until ${pass.grant.until}`;
	}
}
