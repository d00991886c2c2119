/** The chapters of the description, in the order in which they are read. */
export const tags: readonly { readonly name: string; readonly description: string }[] = [
  { name: 'Feed', description: 'What platform servers send: executions, signed with the secret of their source.' },
  { name: 'Installation', description: 'Whether the installation runs, its figures and its pages.' },
  { name: 'Description', description: 'This description, for programs and for people.' },
];
