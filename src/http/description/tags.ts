/** The chapters of the description, in the order in which they are read. */
export const tags: readonly { readonly name: string; readonly description: string }[] = [
  { name: 'Feed', description: 'What platform servers send: executions, signed with the secret of their source.' },
  {
    name: 'Audit',
    description: 'What was done, by whom, when and because of which request; with the hashes that prove it.',
  },
  { name: 'Events', description: 'What happens now, for screens: an open stream of small notes.' },
  { name: 'Installation', description: 'Whether the installation runs, its figures and its pages.' },
  { name: 'Description', description: 'This description, for programs and for people.' },
];
