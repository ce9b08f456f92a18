// Asks iam-simulate what resource policies say to requests.
//
//   node simulate.mjs QUESTIONS ANSWERS
//
// QUESTIONS is a JSON list of { principal, action, resource, context, policy }; ANSWERS becomes the
// list of answers in the same order: "Allowed", "Denied", "NotAllowed", or what went wrong.

import { readFileSync, writeFileSync } from 'node:fs'
import { runSimulation } from '@cloud-copilot/iam-simulate'

// What the account of the caller may delegate to IAM counts as its own.
const WORDS = {
  Allowed: 'Allowed',
  AllowedForAccount: 'Allowed',
  ExplicitlyDenied: 'Denied',
  DeniedForAccount: 'Denied',
  ImplicitlyDenied: 'NotAllowed',
}

async function answer({ principal, action, resource, context, policy }) {
  const request = {
    principal,
    action,
    resource: { resource, accountId: '111122223333' },
    contextVariables: context,
  }
  const result = await runSimulation(
    {
      request,
      identityPolicies: [],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: policy,
    },
    {},
  )
  if (result.resultType !== 'single') return `error: ${JSON.stringify(result.errors ?? result.resultType)}`
  const ignored = result.result.ignoredContextKeys
  if (ignored.length > 0) return `error: the judge ignores ${ignored.join(', ')}`
  return WORDS[result.result.analysis.resourceAnalysis.result] ?? 'error: another answer'
}

const [questions, answers] = process.argv.slice(2)
const list = JSON.parse(readFileSync(questions, 'utf8'))
const found = []
for (const question of list) found.push(await answer(question))
writeFileSync(answers, JSON.stringify(found))
