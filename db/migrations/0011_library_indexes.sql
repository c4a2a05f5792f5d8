DROP INDEX "roms_release_idx";--> statement-breakpoint
DROP INDEX "roms_rating_idx";--> statement-breakpoint
CREATE INDEX "rom_files_soundtrack_idx" ON "rom_files" USING btree ("rom_id") WHERE "rom_files"."category" = 'soundtrack';--> statement-breakpoint
CREATE INDEX "roms_hltb_idx" ON "roms" USING btree ("platform_id","hltb_id") WHERE "roms"."hltb_id" is not null;--> statement-breakpoint
CREATE INDEX "roms_flashpoint_idx" ON "roms" USING btree ("platform_id","flashpoint_id") WHERE "roms"."flashpoint_id" is not null;--> statement-breakpoint
CREATE INDEX "roms_release_idx" ON "roms" USING btree ("first_release_date","id");--> statement-breakpoint
CREATE INDEX "roms_rating_idx" ON "roms" USING btree ("average_rating","id");