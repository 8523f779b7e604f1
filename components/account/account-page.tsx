'use client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { meQuery } from '@/components/data/records'
import { secondFactorQuery, useRemoveFactor } from '@/components/data/second-factor'
import { Card, CardBody } from '@/components/ui/card'
import { PageHeader } from '@/components/ui/page-header'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { LoadingCard } from '@/components/ui/skeleton'
import { When } from '@/components/ui/when'
import type { SecondFactorView } from '@/server/queries/dto/second-factor'
import { CodeForm } from './code-form'
import { Enrolment } from './enrolment'

const sentences: Record<SecondFactorView['state'], string> = {
  none: 'You have no second factor: you cannot break the glass.',
  begun: 'An enrolment was begun and not confirmed: it proves nothing yet.',
  enrolled: 'You have a second factor.',
}

/** Who one is, and one's second factor: enrol it, see what is left of its backup codes, take it away. */
export function AccountPage() {
  const me = useQuery(meQuery()).data
  const query = useQuery(secondFactorQuery())
  const [codes, setCodes] = useState<string[] | null>(null)
  const factor = query.data
  return (
    <>
      <PageHeader
        eyebrow={me ? `${me.name} · ${me.email}` : 'Account'}
        sentence={factor ? sentences[factor.state] : 'Your account.'}
      />
      <div className="space-y-4">
        {query.isError ? <ProblemAlert error={query.error} onRetry={() => void query.refetch()} /> : null}
        {query.isPending ? <LoadingCard label="the second factor" className="h-52" /> : null}
        {codes ? <BackupCodes codes={codes} /> : null}
        {factor?.state === 'enrolled' ? <Enrolled factor={factor} removed={() => setCodes(null)} /> : null}
        {factor && factor.state !== 'enrolled' ? <Enrolment confirmed={setCodes} /> : null}
      </div>
    </>
  )
}

function Enrolled({ factor, removed }: { factor: SecondFactorView; removed(): void }) {
  const remove = useRemoveFactor()
  return (
    <Card title="Second factor" aside={<span className="font-medium">✓ enrolled</span>}>
      <CardBody className="space-y-4 text-sm">
        <p>
          Enrolled <When at={factor.confirmedAt} />. It is asked for when the glass is broken
          {factor.atSignIn ? ', and at each sign-in' : '; signing in does not ask for it'}. {factor.backupCodesLeft}{' '}
          backup codes are left.
        </p>
        <CodeForm
          label="Take it away"
          hint="Needs a code of it. Afterwards you can enrol another one."
          danger
          pending={remove.isPending}
          error={remove.error}
          submit={(code) => remove.mutate({ code }, { onSuccess: removed })}
        />
      </CardBody>
    </Card>
  )
}

function BackupCodes({ codes }: { codes: readonly string[] }) {
  return (
    <Card title="Backup codes: shown this once">
      <CardBody className="space-y-3 text-sm">
        <p>Each stands in for a code once, when the authenticator is not at hand. Keep them away from it.</p>
        <ul className="grid gap-x-6 gap-y-1 sm:grid-cols-2">
          {codes.map((code) => (
            <li key={code}>
              <code className="select-all break-all font-mono">{code}</code>
            </li>
          ))}
        </ul>
      </CardBody>
    </Card>
  )
}
