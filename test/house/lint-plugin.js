/**
 * A rule of the house that oxlint does not have. `one-mint`: only withTenant() makes a TenantTx (and withControl() a
 * ControlTx); a cast to either anywhere else would let a statement run outside the transaction that checked whose
 * database it is.
 */
const minted = new Set(['TenantTx', 'ControlTx']);

/** Whether a type names a minted one anywhere inside it, as in `TenantTx | undefined` or `Promise<TenantTx>`. */
function namesMinted(node) {
  if (node === null || typeof node !== 'object' || node.type === 'TSFunctionType') return false; // To take one is no cast to one.
  if (node.type === 'TSTypeReference' && minted.has(lastName(node.typeName))) return true;
  return Object.entries(node).some(([key, value]) => {
    if (key === 'parent' || key === 'loc' || key === 'range') return false;
    return Array.isArray(value) ? value.some(namesMinted) : namesMinted(value);
  });
}

const lastName = (name) => (name.type === 'TSQualifiedName' ? name.right.name : name.name);

const oneMint = {
  create(context) {
    const check = (node) => {
      if (namesMinted(node.typeAnnotation)) {
        context.report({
          node,
          message: 'Only withTenant() and withControl() make a transaction handle; take one as a parameter.',
        });
      }
    };
    return { TSAsExpression: check, TSTypeAssertion: check };
  },
};

export default { meta: { name: 'cascade' }, rules: { 'one-mint': oneMint } };
