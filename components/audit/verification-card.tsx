'use client'
import { useQuery } from '@tanstack/react-query'
import { auditVerificationQuery } from '@/components/data/records'
import { Button } from '@/components/ui/button'
import { Card, CardBody } from '@/components/ui/card'
import { HealthMark } from '@/components/ui/health'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { When } from '@/components/ui/when'
import type { AuditVerification } from '@/server/queries/dto/records'

/** Whether each entry still carries the hash of the one before, and whether the head is the one that was published elsewhere. */
export function VerificationCard() {
  const query = useQuery({ ...auditVerificationQuery(), enabled: false })
  const found = query.data
  return (
    <Card
      title="Does the record hold?"
      aside={
        <>
          {found ? (
            <HealthMark health={found.ok ? 'ok' : 'down'} word={found.ok ? 'holds' : 'broken'} className="text-sm" />
          ) : (
            <HealthMark health="unknown" word="not verified here yet" className="text-sm" />
          )}
          <Button size="sm" onClick={() => void query.refetch()} busy={query.isFetching}>
            Verify now
          </Button>
        </>
      }
    >
      <CardBody aria-live="polite" className="text-sm">
        {query.isError ? <ProblemAlert error={query.error} /> : null}
        {found ? (
          <Result found={found} />
        ) : query.isError ? null : (
          <p className="text-muted">
            Verifying recomputes the hash of every entry and compares the chain with the heads that were published
            outside the control database.
          </p>
        )}
      </CardBody>
      {found?.anchors.length ? <Anchors anchors={found.anchors} /> : null}
    </Card>
  )
}

function Result({ found }: { found: AuditVerification }) {
  return (
    <>
      <p className={found.ok ? 'font-medium' : 'font-semibold text-down'}>
        {found.ok
          ? `All ${found.entries} entries hold.`
          : `✖ The chain does not hold${found.brokenAt === null ? '' : ` at entry ${found.brokenAt}`}: ${found.reason ?? 'no reason given'}`}
      </p>
      <p className="mt-1 text-muted text-xs">
        Verified <When at={found.verifiedAt} age />
        {found.head ? (
          <>
            {' '}
            · head {found.head.seq} <code className="break-all font-mono text-foreground">{found.head.hash}</code>
          </>
        ) : (
          ' · no head yet'
        )}
      </p>
    </>
  )
}

const newestShown = 4

/** The newest published heads, and every one that differs, however old. */
function Anchors({ anchors }: { anchors: AuditVerification['anchors'] }) {
  const newest = [...anchors].sort((a, b) => b.seq - a.seq || a.store.localeCompare(b.store))
  const shown = newest.filter((anchor, index) => index < newestShown || !anchor.matches)
  return (
    <div className="border-t">
      <Table label="Published heads">
        <thead>
          <tr>
            <Th>Published in</Th>
            <Th className="text-right">Entry</Th>
            <Th>When</Th>
            <Th>Agrees</Th>
          </tr>
        </thead>
        <tbody>
          {shown.map((anchor) => (
            <Tr key={`${anchor.store}${anchor.seq}`}>
              <Td>{anchor.store}</Td>
              <Td className="text-right">{anchor.seq}</Td>
              <Td>
                <When at={anchor.anchoredAt} />
              </Td>
              <Td>
                <HealthMark health={anchor.matches ? 'ok' : 'down'} word={anchor.matches ? 'agrees' : 'differs'} />
              </Td>
            </Tr>
          ))}
        </tbody>
      </Table>
      {shown.length < anchors.length ? (
        <p className="border-t px-4 py-2 text-muted text-xs">
          And {anchors.length - shown.length} older ones, all of which agree.
        </p>
      ) : null}
    </div>
  )
}
