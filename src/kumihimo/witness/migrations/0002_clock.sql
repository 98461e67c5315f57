-- A further kind of alarm: an epoch is dated other than the witness's own clock allows.

ALTER TABLE witness.alarm DROP CONSTRAINT alarm_kind_check;
ALTER TABLE witness.alarm ADD CONSTRAINT alarm_kind_check
    CHECK (kind IN ('fork', 'inconsistent', 'rollback', 'epoch', 'clock'));
