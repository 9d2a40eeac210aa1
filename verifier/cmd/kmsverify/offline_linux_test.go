// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux && (amd64 || arm64)

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"ats.run/kms-enclave/kmslib/auditlog/auditlogtest"
	"ats.run/kms-enclave/kmslib/release"
)

// exitNoFilter says that this kernel, or what runs us, takes no filter.
const exitNoFilter = 77

// runOffline is the command "kmsverify-offline": kmsverify, in a process that the
// kernel kills at the first system call that could reach a network. The filter
// holds for all its threads and children, and cannot be taken off.
func runOffline() {
	runtime.LockOSThread()
	path, err := exec.LookPath("kmsverify")
	if err == nil {
		err = forbidNetwork()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitNoFilter)
	}
	err = syscall.Exec(path, append([]string{"kmsverify"}, os.Args[1:]...), os.Environ())
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// networkCalls make a socket, or get others to: io_uring does system calls that
// no filter sees, and so does a process that is traced or written to.
var networkCalls = []uint32{
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4,
	unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_RECVFROM, unix.SYS_RECVMSG, unix.SYS_RECVMMSG,
	unix.SYS_IO_URING_SETUP, unix.SYS_PIDFD_GETFD, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_WRITEV,
}

// forbidNetwork puts a filter on this thread, by the classic BPF of seccomp(2).
func forbidNetwork() error {
	const (
		nr, arch = 0, 4       // offsets in struct seccomp_data
		x32      = 0x40000000 // bit of the other ABI of amd64, whose numbers are others
	)
	native := map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}[runtime.GOARCH]
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: arch},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: native},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_KILL_PROCESS},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: nr},
		{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, Jf: 1, K: x32},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_KILL_PROCESS},
	}
	for _, call := range networkCalls {
		program = append(program,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: call},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_KILL_PROCESS})
	}
	program = append(program, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	// Without this only root may set a filter.
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&filter)), 0, 0); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return nil
}

// offline runs kmsverify without a network. killed says whether the kernel ended
// it for trying to reach one.
func offline(t *testing.T, arguments ...string) (code int, killed bool, output string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "kmsverify-offline", arguments...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit == nil {
		return 0, false, string(out)
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return -1, status.Signal() == syscall.SIGSYS, string(out)
	}
	if exit.ExitCode() == exitNoFilter {
		t.Skipf("no seccomp filter here: %s", out)
	}
	return exit.ExitCode(), false, string(out)
}

// Whoever checks a release tells nobody that they do, and nobody can answer
// something else: no command but site, log and rebuild opens a socket.
func TestOfflineMeansThatNoSocketIsOpened(t *testing.T) {
	s := newSigned(t)
	beside := filepath.Join(s.folder, "attestations.jsonl")
	s.write(t, beside, nil)
	auditPath := filepath.Join(s.folder, "audit")
	s.write(t, auditPath, auditlogtest.NewLog().Grow(12).Bundle())
	message := filepath.Join(s.release, release.ManifestPath+release.SignatureSuffix)
	judged := []string{"--policy", s.policy, "--trusted-root", s.root}
	identity := []string{"--certificate-identity", "https://forge.example/acme/release.yml@refs/tags/v1.2.3", "--certificate-oidc-issuer", "https://issuer.example"}
	for name, arguments := range map[string][]string{
		"release with all its signatures": append([]string{"release", s.release, "--now", now, "--attestations", beside}, judged...),
		"release in JSON":                 append([]string{"release", "--json", s.release, "--now", now}, judged...),
		"bundle":                          append([]string{"bundle", message}, judged...),
		"audit":                           {"audit", auditPath},
		"trust":                           {"trust"},
		"verify-bundle":                   append([]string{"verify-bundle", "--bundle", message, "--trusted-root", s.root, filepath.Join(s.release, release.ManifestPath)}, identity...),
		"help":                            {"help"},
	} {
		t.Run(name, func(t *testing.T) {
			if code, killed, output := offline(t, arguments...); code != 0 {
				t.Errorf("exit code %d, killed for a socket: %t\n%s", code, killed, output)
			}
		})
	}
	// The refusing ways do not either.
	for name, arguments := range map[string][]string{
		"root that the policy does not name": {"release", s.release, "--policy", s.policy},
		"bundle refused":                     append([]string{"bundle", "--artifact", s.policy, message}, judged...),
		"public-good root":                   append([]string{"verify-bundle", "--bundle", message, s.policy}, identity...),
	} {
		t.Run(name, func(t *testing.T) {
			if code, killed, output := offline(t, arguments...); code != 1 && code != 2 {
				t.Errorf("exit code %d, killed for a socket: %t\n%s", code, killed, output)
			}
		})
	}
}

// The control: what does open a socket is killed by the same filter.
func TestTheFilterOfTheOfflineTestBites(t *testing.T) {
	folder := t.TempDir()
	for name, arguments := range map[string][]string{
		"site":            {"site", "http://127.0.0.1:1"},
		"site by name":    {"site", "https://kms.example"},
		"through a proxy": {"site", "--vantage", "http://127.0.0.1:1", "https://kms.example"},
		"rebuild":         {"rebuild", "--expect", "http://127.0.0.1:1/release.json", folder},
	} {
		t.Run(name, func(t *testing.T) {
			if code, killed, output := offline(t, arguments...); !killed {
				t.Errorf("exit code %d: was not killed\n%s", code, output)
			}
		})
	}
}
