/** A policy of IAM by itself, which `roles`, by their logical ids, have beside what their own templates say. */
function rolePolicy(name, statements, roles = ['AdmissionRole']) {
  return {
    Type: 'AWS::IAM::Policy',
    Properties: {
      PolicyName: name,
      Roles: roles.map((role) => ({ Ref: role })),
      PolicyDocument: { Version: '2012-10-17', Statement: statements },
    },
  };
}

module.exports = { rolePolicy };
