import { HTTP_SUBJECTS } from './http-subjects.ts';
import { HTTP2_SUBJECTS } from './http2-subjects.ts';
import { POSTGRESQL_SUBJECTS } from './postgresql-subjects.ts';
import type { Subject } from './subject.ts';

/** Every reader of what a target sends. */
export const SUBJECTS: readonly Subject[] = [...HTTP_SUBJECTS, ...HTTP2_SUBJECTS, ...POSTGRESQL_SUBJECTS];
