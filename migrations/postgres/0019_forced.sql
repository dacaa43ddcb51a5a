ALTER TABLE campaigns ADD COLUMN forced jsonb;
COMMENT ON COLUMN campaigns.forced IS 'a test call that an administrator forced: which number, by whom, why, until when';
