'use client'
import { useQuery } from '@tanstack/react-query'
import { CircleUser, KeyRound, LogOut } from 'lucide-react'
import Link from 'next/link'
import { DropdownMenu as Menu } from 'radix-ui'
import { toast } from 'sonner'
import { api } from '@/components/data/fetcher'
import { toProblem } from '@/components/data/problem'
import { meQuery } from '@/components/data/records'
import { Button } from '@/components/ui/button'

async function signOut(): Promise<void> {
  try {
    await api('/api/auth/sign-out', { method: 'POST', body: {} })
    window.location.assign('/sign-in')
  } catch (error) {
    const problem = toProblem(error)
    toast.error('You are still signed in', { description: `${problem.detail} ${problem.nextStep}` })
  }
}

/** Who is signed in, with which roles where, and the way out. */
export function AccountMenu() {
  const me = useQuery(meQuery()).data
  return (
    <Menu.Root>
      <Menu.Trigger asChild>
        <Button variant="ghost" size="sm" className="max-w-44 px-2" aria-label={`Account${me ? `: ${me.name}` : ''}`}>
          <CircleUser aria-hidden />
          <span className="hidden truncate sm:inline">{me?.name ?? '…'}</span>
        </Button>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content
          align="end"
          sideOffset={6}
          className="z-50 w-72 rounded-lg border border-border-strong bg-surface p-1 shadow-lg"
        >
          <Menu.Label className="px-3 py-2">
            <span className="block font-semibold">{me?.name}</span>
            <span className="block break-all text-muted text-xs">{me?.email}</span>
          </Menu.Label>
          <Menu.Separator className="my-1 h-px bg-border" />
          <Menu.Label className="px-3 py-2 text-xs">
            <span className="text-muted">Roles</span>
            {me?.grants.map((grant) => (
              <span key={`${grant.role}${grant.service}`} className="flex justify-between gap-3">
                <span className="font-medium">{grant.role}</span>
                <span className="text-muted">{grant.service === '*' ? 'every service' : grant.service}</span>
              </span>
            ))}
            {me && me.grants.length === 0 ? <span className="block">None: ask an admin for one.</span> : null}
          </Menu.Label>
          <Menu.Separator className="my-1 h-px bg-border" />
          <Menu.Item asChild>
            <Link
              href="/account"
              className="flex min-h-11 items-center gap-2 rounded px-3 text-sm outline-none data-[highlighted]:bg-surface-2 md:min-h-9"
            >
              <KeyRound className="size-4" aria-hidden /> Account and second factor
            </Link>
          </Menu.Item>
          <Menu.Item
            onSelect={() => void signOut()}
            className="flex min-h-11 cursor-pointer items-center gap-2 rounded px-3 text-sm outline-none data-[highlighted]:bg-surface-2 md:min-h-9"
          >
            <LogOut className="size-4" aria-hidden /> Sign out
          </Menu.Item>
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  )
}
