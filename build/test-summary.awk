# Reads what `dotnet test` printed and closes the run: skip reasons counted, failed tests once more, and the sums as the last line.
# A test host that crashed or was ended after its time limit is one failed test more; its last output is shown.

/^(failed|skipped|passed) / || /^\/.* (passed|failed)/ || /^Running tests from / || /^Test run summary/ { block = "" }
/^skipped / { block = "skipped" }
/^failed / { block = "failed"; lines = 40 }
/^\/.* failed \(/ { block = "failed"; lines = 15 }
/^  from / && block == "skipped" { next }

block == "skipped" && !/^skipped / {
  if (/explicit test filtering/) explicit++; else reasons[substr($0, 3)]++
  block = ""
}
block == "failed" && lines-- > 0 { failures = failures $0 "\n" }

/^  error: / { failed += $2 }
/^  failed: / { failed += $2 }
/^  succeeded: / { passed += $2 }
/^  skipped: / { skipped += $2 }

END {
  if (failures != "") printf "forge: failed tests, once more:\n%s", failures
  for (reason in reasons) printf "forge: %d skipped: %s\n", reasons[reason], reason
  if (explicit > 0) printf "forge: %d of the long tier not run (./forge test --all)\n", explicit
  print "forge: logs in artifacts/test-logs"
  printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped - explicit
  exit failed > 0 || passed == 0
}
