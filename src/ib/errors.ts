import { defineProblems } from '../kernel/problem.ts';

export const ibProblem = defineProblems({
  'ib.unknown': { status: 404, title: 'There is no such introducing broker' },
  'ib.exists': { status: 409, title: 'An introducing broker with this id exists already' },
  'ib.not_yet_valid': { status: 409, title: 'The introducing broker is not part of the tree at that time' },
  'ib.parent_not_before': { status: 422, title: 'A parent must come before its children in a list' },
  'ib.cycle': { status: 409, title: 'The move would put an introducing broker above itself' },
  'ib.move_backdated': {
    status: 422,
    title: 'A move takes effect now or later, unless it says that it corrects the past',
  },
  'ib.move_ahead': { status: 422, title: 'A move that corrects the past takes effect in the past' },
  'ib.move_unchanged': { status: 409, title: 'It is there already at that time' },
  'ib.client_linked': { status: 409, title: 'The client belongs to an introducing broker already at that time' },
  'ib.client_unknown': { status: 404, title: 'There is no such client' },
  'ib.link_empty': { status: 422, title: 'A link ends after it begins' },
  'ib.status_unreachable': { status: 409, title: 'The introducing broker cannot change to this status' },
});
