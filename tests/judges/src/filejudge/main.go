// Filejudge verifies a person's file of records (kumihimo-records/1) from the file and a policy alone.
//
//	filejudge -policy POLICY [-last EARLIER_FILE] FILE
//
// The first word of its answer is the finding: COMPLETE, WITHHELD, ALTERED, WRONG WITNESS, TOO FEW WITNESSES, OLDER
// or MALFORMED. Exit code 0 for COMPLETE only, 1 for a file that fails, 2 for usage.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"time"

	"judge"
)

// Findings, in the words of the program that is judged.
const (
	complete     = "COMPLETE"
	withheld     = "WITHHELD"
	altered      = "ALTERED"
	wrongWitness = "WRONG WITNESS"
	tooFew       = "TOO FEW WITNESSES"
	older        = "OLDER"
	malformed    = "MALFORMED"
)

const (
	kept   = (2556*24 + 18) * time.Hour // how long records are kept: 7 years of 365.25 days
	ahead  = int64(60_000)              // milliseconds by which an epoch may be later than its newest cosignature
	behind = int64(86_400_000)          // and earlier than its oldest
)

type finding struct {
	word, detail string
}

func (f *finding) Error() string { return f.word + ": " + f.detail }

func found(word, format string, values ...interface{}) error {
	return &finding{word, fmt.Sprintf(format, values...)}
}

func main() {
	policyFile := flag.String("policy", "", "whom to trust")
	lastFile := flag.String("last", "", "a file fetched earlier")
	flag.Parse()
	if *policyFile == "" || flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	policy, err := readPolicy(read(*policyFile))
	if err != nil {
		fmt.Fprintln(os.Stderr, "policy:", err)
		os.Exit(2)
	}
	var last []byte
	if *lastFile != "" {
		last = read(*lastFile)
	}
	said, err := judgeFile(read(flag.Arg(0)), policy, last)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(said)
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return data
}

// judgeFile goes the whole way from the entries to the witnesses.
func judgeFile(data []byte, policy *policy, last []byte) (string, error) {
	file, err := readFile(data)
	if err != nil {
		return "", found(malformed, "%s", err)
	}
	epoch, names, err := judgeAlone(file, policy)
	if err != nil {
		return "", err
	}
	if last != nil {
		if err := judgeLast(file, epoch, policy, last); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%s: shown %d, committed %d\nepoch %d; %d witnesses",
		complete, file.shown, file.n, epoch.number, names), nil
}

// judgeAlone judges a file without an earlier one.
func judgeAlone(file *file, policy *policy) (*epoch, int, error) {
	epoch, names, err := judgeEpoch(file, policy)
	if err == nil {
		err = judgeChain(file, epoch, policy)
	}
	if err == nil {
		err = judgeLook(file, epoch, policy)
	}
	return epoch, names, err
}

// judgeEpoch: proof, checkpoint, witnesses, epoch record, map.
func judgeEpoch(file *file, policy *policy) (*epoch, int, error) {
	proof, err := judge.ParseProof(file.tlog)
	if err != nil {
		return nil, 0, found(malformed, "%s", err)
	}
	checkpoint, err := policy.trust.Open(proof.Checkpoint)
	switch {
	case errors.Is(err, judge.ErrLog):
		return nil, 0, found(altered, "%s", err)
	case errors.Is(err, judge.ErrWrongWitness):
		return nil, 0, found(wrongWitness, "%s", err)
	case errors.Is(err, judge.ErrTooFew):
		return nil, 0, found(tooFew, "%s", err)
	case err != nil:
		return nil, 0, found(malformed, "%s", err)
	}
	if _, err := proof.Check([]byte(file.epoch), &policy.trust); err != nil {
		return nil, 0, found(altered, "%s", err)
	}
	epoch, err := readEpoch(file.epoch)
	if err != nil {
		return nil, 0, found(malformed, "epoch: %s", err)
	}
	root, total, err := climb(file, epoch.depth)
	if err != nil || !bytes.Equal(root, epoch.root) || total != epoch.total {
		return nil, 0, found(altered, "count and head are not in the map of this epoch")
	}
	newest, oldest := int64(0), int64(math.MaxInt64/1000)
	for _, at := range checkpoint.Times {
		newest, oldest = most(newest, at), -most(-oldest, -at)
	}
	if newest > math.MaxInt64/2000 || epoch.time > newest*1000+ahead || epoch.time < oldest*1000-behind {
		return nil, 0, found(altered, "the epoch's time is not that of its witnesses")
	}
	epoch.edge = time.UnixMilli(oldest*1000 + ahead).Add(-kept)
	return epoch, len(checkpoint.Times), nil
}

// judgeChain: as many records as were committed to, and exactly those entries.
func judgeChain(file *file, epoch *epoch, policy *policy) error {
	if file.shown < file.n {
		return found(withheld, "shown %d, committed %d", file.shown, file.n)
	}
	if file.shown > file.n {
		return found(altered, "more records are shown than were committed to")
	}
	erased := 0
	for i, line := range file.lines {
		if line.at != uint64(i+1) {
			return found(altered, "entry %d is missing", i+1)
		}
		if line.said == nil {
			erased = i + 1
		}
	}
	if !bytes.Equal(head(file.lines), file.head) {
		return found(altered, "the entries do not lead to the head")
	}
	if repeated(file.lines) {
		return found(altered, "a record is there twice")
	}
	for _, line := range file.lines[:erased] {
		if line.said != nil && line.said.time > epoch.edge.UnixMilli() {
			return found(altered, "an entry was erased although one before it is younger than seven years")
		}
	}
	japan := time.FixedZone("JST", 9*60*60)
	if erased > 0 && epoch.edge.In(japan).Format("2006-01-02") < policy.since {
		return found(altered, "an entry was erased although the ledger is younger than seven years")
	}
	return nil
}

// repeated says whether an entry stands twice, or two records are of one exchange.
func repeated(lines []line) bool {
	seen := map[string]bool{}
	for _, line := range lines {
		names := []string{string(line.hash)}
		if line.said != nil && counted(line.said.kind) {
			names = append(names, "tx "+line.said.tx)
		}
		for _, name := range names {
			if seen[name] {
				return true
			}
			seen[name] = true
		}
	}
	return false
}

func most(a, b int64) int64 {
	if a > b {
		return a
	}
	return b
}

// judgeLook: the portal and both operators signed the look, its label is this one, and it is one of the entries.
func judgeLook(file *file, epoch *epoch, policy *policy) error {
	event, commit, err := readLook(file.evidence, epoch, policy)
	if err != nil {
		return found(altered, "the look that made this file: %s", err)
	}
	if err := event.CheckIndex(policy.s1, policy.s2, policy.key); err != nil {
		return found(altered, "the label: %s", err)
	}
	label := sha256.Sum256(append([]byte("label"), event.Element...))
	if !bytes.Equal(label[:], file.label) {
		return found(altered, "the label is another one")
	}
	for _, line := range file.lines {
		if line.said != nil && line.said.kind == "disclosed" &&
			line.said.tx == hex.EncodeToString(event.Tx) && line.said.commit == hex.EncodeToString(commit) {
			return nil
		}
	}
	return found(altered, "the look that made this file is not in it")
}

// judgeLast: the earlier file holds by itself, nothing went back, and what it shows is still there.
func judgeLast(now *file, epoch *epoch, policy *policy, last []byte) error {
	before, err := readFile(last)
	if err != nil {
		return found(malformed, "the earlier file: %s", err)
	}
	earlier, _, err := judgeAlone(before, policy)
	if err != nil {
		return found(malformed, "the earlier file: %s", err)
	}
	if !bytes.Equal(before.label, now.label) {
		return found(altered, "the earlier file is of another person")
	}
	if epoch.number < earlier.number || now.n < before.n {
		return found(older, "epoch %d with %d records, earlier epoch %d with %d",
			epoch.number, now.n, earlier.number, before.n)
	}
	if len(now.lines) < len(before.lines) || !bytes.Equal(head(now.lines[:len(before.lines)]), before.head) {
		return found(altered, "what the earlier file shows is not all here")
	}
	for i, line := range before.lines {
		if line.said != nil && now.lines[i].said == nil && line.said.time > epoch.edge.UnixMilli() {
			return found(altered, "an entry of the earlier file was erased before its time")
		}
	}
	return nil
}

func head(lines []line) []byte {
	head := make([]byte, 32)
	for _, line := range lines {
		next := sha256.Sum256(append(append([]byte{4}, head...), line.hash...))
		head = next[:]
	}
	return head
}
